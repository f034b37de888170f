"""What the home sees and hears of a reading: a light, a sound, a screen."""
