"""Thousands of light hubs in one process, against a real broker and a real ward."""
