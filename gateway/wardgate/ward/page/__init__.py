"""The nurse's page: what is open, a patient's readings with the reasons, and a person's word that it was seen.

A process of its own beside the running ward, over the same database: what is written here as seen, the ward delivers.
"""

from __future__ import annotations


class PageError(Exception):
    """The page cannot be served; the message says why and what to do."""
