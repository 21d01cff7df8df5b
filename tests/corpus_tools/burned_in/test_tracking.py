import numpy as np
import pytest

from corpus_tools.burned_in.band import Band, find_band
from corpus_tools.burned_in.lines import read_appearances, without_other_texts
from corpus_tools.burned_in.picture import Frame
from corpus_tools.burned_in.tracking import follow
from tests.corpus_tools.burned_in.conftest import FPS, HEIGHT, TEXTS, WIDTH, Comb, frames

FRAME = 1 / FPS
LOGO = Comb(0, 99, 2, top=8, centre=270)
STATION = Comb(0, 99, 0, top=150, centre=290)


@pytest.mark.parametrize(
    ("combs", "seconds"),
    [
        ([Comb(0.4, 1.6, 0), Comb(2.2, 3.4, 3)], 4),
        ([Comb(0.4, 1.6, 0), Comb(1.6, 2.8, 1), Comb(2.8, 3.8, 0)], 5),  # no gaps
        ([Comb(0, 1.2, 4), Comb(1.6, 3, 5)], 3),  # from the first frame to the last
        ([Comb(0.52, 0.92, 1), Comb(1.2, 3.6, 6)], 4),  # a short answer
        ([Comb(0.6, 2.6, 5, top=120), Comb(0.6, 2.6, 3)], 3.4),  # two rows
        ([Comb(0.6, 2.6, 5, fade=4)], 3.4),
    ],
)
def test_lines_have_the_times_of_their_first_and_last_frames(combs, seconds, reader):
    found = read_appearances(follow(frames(combs, seconds), reader), reader)
    truth = sorted((comb.start, comb.end, TEXTS[comb.number]) for comb in combs)
    assert sorted(line.text for line in found) == sorted(text for *_, text in truth)
    for line, (start, end, text) in zip(
        sorted(found, key=lambda line: (line.start, line.end, line.text)), truth, strict=True
    ):
        assert line.text == text
        assert (line.start, line.end) == pytest.approx((start, end), abs=2 * FRAME + 1e-6)


def test_what_stands_still_or_runs_is_no_line(reader):
    """A logo beside the lines all the time, and a ticker below them."""
    spoken = [Comb(at + 0.4, at + 2, int(at / 2) % 6) for at in range(0, 16, 2)]
    ticker = [Comb(at, at + 2, 6, top=128, centre=320, speed=140) for at in range(0, 16, 2)]
    shown = frames([*spoken, *ticker, STATION], 17)
    found = read_appearances(follow(shown, reader), reader)
    lines, reasons = without_other_texts(found, WIDTH)
    assert [line.text for line in lines] == [TEXTS[comb.number] for comb in spoken]
    assert reasons["stand still for more than 15 s"] == 1


def test_a_reader_searches_a_few_times_a_second(reader):
    list(follow(frames([Comb(1, 3, 4)], 6), reader))
    assert 6 < reader.searched < 24


@pytest.mark.parametrize("top", [150, 10])
def test_the_band_holds_the_lines_and_not_the_logo(top, reader):
    logo = Comb(0, 99, 2, top=150 if top == 10 else 8, centre=270)
    combs = [Comb(at, at + 0.8, at % 5, top=top) for at in range(10)]
    band = find_band(frames([*combs, logo], 10)[::10], reader)
    assert band is not None
    assert band.top <= top
    assert top + 16 <= band.bottom
    assert band.bottom - band.top < 70


@pytest.mark.parametrize("combs", [[], [LOGO], [STATION, LOGO]])
def test_a_film_without_lines_has_no_band(combs, reader):
    assert find_band(frames(combs, 8)[::10], reader) is None


def test_a_given_band_is_a_share_of_the_height():
    assert Band.of_shares((0.5, 1), HEIGHT).rows == slice(90, 180)


def test_a_reader_rarely_searches_where_nothing_stands_still(reader):
    """A line is found as soon as it stands, though the search before it came up empty."""
    still = [Frame(number / FPS, np.full((HEIGHT, WIDTH), 60, np.uint8)) for number in range(500)]
    list(follow(still, reader))
    assert reader.searched <= 11
    line = Comb(6.4, 7.1, 2)
    for frame in still:
        line.draw(frame.luma, frame.time)
    (found,) = follow(still, reader)
    assert (found.start, found.end) == pytest.approx((6.4, 7.1), abs=0.05)
