"""What every page shares: words for times and counts, shapes and macros, the style, charts, who may ask, and how a page
is served, answered and kept live.

Pages of the hub, of the patient and of the ward kit build on this; it knows nothing of any of them.
"""
