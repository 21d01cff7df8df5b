"""Picture for the documentation: a frame of a constructed film, its band, and what is read there.

python benchmarks/burned_in/picture.py FOLDER docs/images/burned_in.jpg
"""

import sys
from pathlib import Path

import av
from PIL import Image, ImageDraw, ImageFont

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from benchmarks.burned_in.films import MEASURED, SANS, make
from corpus_tools.burned_in.read import read_film
from corpus_tools.burned_in.reader import load_reader

FILM = "logo, clock, ticker, station"


def main() -> int:
    folder, target = map(Path, sys.argv[1:3])
    film = make(next(case for case in MEASURED if case.name == FILM), folder)
    found = read_film(film.path, "film", load_reader())
    assert found.band is not None
    line = max(found.lines, key=lambda line: len(line.text))
    middle = (line.start + line.end) / 2
    with av.open(str(film.path)) as container:
        frame = next(frame for frame in container.decode(video=0) if frame.time >= middle)
    picture = frame.to_image()
    width, height = picture.size
    page = Image.new("RGB", (width, height + 56), "white")
    page.paste(picture)
    draw = ImageDraw.Draw(page)
    top, bottom = (share * height for share in found.band)
    draw.rectangle((2, top, width - 3, bottom), outline=(0, 220, 120), width=3)
    font = ImageFont.truetype(f"/usr/share/fonts/{SANS[0]}", 24, index=SANS[1])
    said = f"{line.start:.2f} – {line.end:.2f} s   {line.text}   {line.confidence:.2f}"
    draw.text((width / 2, height + 28), said, font=font, fill=(20, 20, 20), anchor="mm")
    page.save(target, quality=80, optimize=True)
    print(found.warnings)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
