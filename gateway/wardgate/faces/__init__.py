"""What every page shares: words for times and counts, shapes and macros, the style, charts, and who may ask.

Pages of the hub, of the patient and of the ward kit build on this; it knows nothing of any of them.
"""
