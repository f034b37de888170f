"""Measurements to readings: identity, dating, attribution, judgement."""
