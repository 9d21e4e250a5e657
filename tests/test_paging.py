"""Paging: every thing on one page, in order, and no page beyond the ends."""

import itertools
import re

import pytest

from finetune_kit.widgets.paging import PageTurner


class Book:
    """So many numbers, a few a page."""

    def __init__(self, count, size, **how):
        self.turner = PageTurner(size, self.draw, **how)
        self.numbers, self.shown = list(range(count)), []
        self.turner.begin(count)
        self.draw()

    def draw(self):
        self.shown.append(self.numbers[self.turner.page])
        self.turner.tell()

    @property
    def said(self):
        return re.sub("<[^>]*>", "", self.turner.position.value)


@pytest.mark.parametrize(("count", "size"), [(7, 3), (6, 3), (1, 3), (3, 3), (5, 1)])
def test_going_forth_and_back_shows_everything_in_order(count, size):
    book = Book(count, size)
    while not book.turner.forth.disabled:
        book.turner.forth.click()
    pages = list(book.shown)
    assert list(itertools.chain(*pages)) == book.numbers and all(len(page) == size for page in pages[:-1]) and pages[-1]
    while not book.turner.back.disabled:
        book.turner.back.click()
    assert book.shown[len(pages) :] == pages[-2::-1]


def test_it_says_where_the_page_stands():
    book = Book(2001, 1000, order=", worst first")
    assert book.said == "1 to 1,000 of 2,001, worst first"
    book.turner.forth.click()
    book.turner.forth.click()
    assert book.said == "2,001 to 2,001 of 2,001, worst first"


def test_beyond_the_ends_there_is_nothing():
    book = Book(4, 3)
    book.turner.back.click()
    assert book.shown == [[0, 1, 2]] and book.turner.back.disabled
    for _ in range(3):
        book.turner.forth.click()
    assert book.shown == [[0, 1, 2], [3]] and book.turner.forth.disabled


def test_of_nothing_there_is_one_empty_page():
    book = Book(0, 3)
    assert book.said == "None" and book.turner.back.disabled and book.turner.forth.disabled
    book.turner.forth.click()
    assert book.shown == [[]]


def test_a_new_beginning_is_the_first_page():
    book = Book(9, 3)
    book.turner.forth.click()
    book.turner.begin(5)
    book.draw()
    assert book.shown[-1] == [0, 1, 2] and book.said == "1 to 3 of 5" and book.turner.back.disabled
