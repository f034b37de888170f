"""What every page of the staff has to stand, in a real browser: axe, width, targets, names."""

from __future__ import annotations

from typing import Final

from selenium import webdriver

from tests.support.axe import judge
from tests.support.browser import resize

WIDTHS: Final = (320, 360, 800, 1280)
_TARGETS: Final = """
const inSentence = e => e.tagName === 'A' && e.closest('p, dd, li') && getComputedStyle(e).display === 'inline';
return [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, summary')]
  .filter(e => !e.classList.contains('skip') && e.getClientRects().length)
  .filter(e => getComputedStyle(e).visibility !== 'hidden')
  .map(e => [e, e.labels && e.labels[0] && /radio|checkbox/.test(e.type) ? e.closest('.choice') : e])
  .filter(([e, box]) => !inSentence(e) && box.getBoundingClientRect().height < 43.9)
  .map(([e, box]) => `${e.outerHTML.slice(0, 90)}: ${box.getBoundingClientRect().height}`)
"""
_SAME_NAME: Final = """
const seen = new Map();
return [...document.querySelectorAll('main a[href]')].filter(a => {
  const name = (a.getAttribute('aria-label') || a.textContent).trim(), other = seen.get(name);
  seen.set(name, a.getAttribute('href'));
  return other !== undefined && other !== a.getAttribute('href');
}).map(a => a.outerHTML)
"""
_NAMED_SPANS: Final = "return [...document.querySelectorAll('span[aria-label]:not([role])')].map(e => e.outerHTML)"
_WIDE: Final = """
const room = document.documentElement.clientWidth;
return document.documentElement.scrollWidth <= room ? [] :
  [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > room + 0.5)
  .map(e => e.outerHTML.slice(0, 90));
"""


def too_wide(window: webdriver.Chrome) -> list[str]:
    """What makes the page scroll sideways."""
    found: list[str] = window.execute_script(_WIDE)
    return found


def faults(window: webdriver.Chrome, widths: tuple[int, ...] = WIDTHS) -> list[str]:
    """Everything that is wrong with the page as it stands; empty when nothing is."""
    found: list[str] = []
    for width in widths:
        resize(window, width)
        found += [f"{width} too wide: {e}" for e in too_wide(window)]
        found += [f"{width} small: {e}" for e in window.execute_script(_TARGETS)]
        if width not in (min(widths), max(widths)):
            continue  # the layouts between are made of the same parts
        wrong, unsure = judge(window)
        found += [f"{width} axe: {e}" for e in wrong] + [f"{width} axe unsure: {e}" for e in unsure]
    found += [f"same words, other place: {e}" for e in window.execute_script(_SAME_NAME)]
    found += [f"a name that nobody hears: {e}" for e in window.execute_script(_NAMED_SPANS)]
    return found + _enlarged(window)


def _enlarged(window: webdriver.Chrome) -> list[str]:
    """At twice the type size, and with wide spacing."""
    resize(window, 640)
    window.execute_script("document.documentElement.style.fontSize = '200%'")
    found = [f"at 200 %: {e}" for e in too_wide(window)]
    window.execute_script("document.documentElement.style.fontSize = ''")
    resize(window, 320)
    _space(window, lineHeight="1.5", letterSpacing=".12em", wordSpacing=".16em")
    found += [f"widely spaced: {e}" for e in too_wide(window)]
    _space(window, lineHeight="", letterSpacing="", wordSpacing="")  # or the sheet that is printed next has it, too
    return found


def _space(window: webdriver.Chrome, **style: str) -> None:
    window.execute_script(
        "for (const e of document.querySelectorAll('body *')) Object.assign(e.style, arguments[0])", style
    )
