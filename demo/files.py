"""Small pictures and log files, so that the links of the simulated facility lead somewhere.

There are few of them, whatever the scale: many rows name the same one.
"""

import math
import random
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter

CRYSTALS, ANGLES = 6, (0, 90, 180, 270)
QUALITIES = ("good", "fair", "none")
VARIANTS = 3  # pictures of diffraction of each quality
PIPELINES = ("fast_dp", "xia2 dials", "autoPROC")
SMALL = (160, 120)
LOGS = {
    "good": "Indexed 97.1 % of the spots\nIntegrated all images\nScaling done\nDone\n",
    "fair": "Indexed 71.4 % of the spots\nIce rings masked\nScaling done\nDone\n",
    "none": "Indexed 8.2 % of the spots\nError: no solution found in indexing\n",
}


def snapshot(folder: str, crystal: int, angle: int) -> str:
    """A crystal in its loop, from one side."""
    return f"{folder}/crystals/crystal{crystal % CRYSTALS}_{angle}.jpeg"


def diffraction(folder: str, quality: str, variant: int) -> str:
    """An image of the detector."""
    return f"{folder}/diffraction/{quality}{variant % VARIANTS}.jpeg"


def thumbnail(path: str) -> str:
    """The small version of a picture."""
    stem, _, suffix = path.rpartition(".")
    return f"{stem}t.{suffix}"


def spectrum(folder: str, kind: str) -> str:
    """The plot of an energy scan or of a fluorescence spectrum; its data end with .dat."""
    return f"{folder}/spectra/{kind}.png"


def results(folder: str, pipeline: str, quality: str) -> str:
    """The folder of what a pipeline left."""
    return f"{folder}/processed/{pipeline.replace(' ', '_')}/{quality}"


def outcome(pipeline: str, quality: str) -> list[tuple[str, str, int]]:
    """Type, name and rank of the files in the folder of ``results``."""
    log = f"{pipeline.split()[0]}.log"
    kept = [("Log", log, 1)]
    if quality != "none":
        kept += [("Result", "scaled.mtz", 2), ("Graph", "statistics.json", 1)]
    return kept


def write(folder: Path) -> int:
    """Write all of them below ``folder``, nobody else's to read; return how many there are."""
    rng, root = random.Random("files"), str(folder)
    made: dict[str, bytes | str | Image.Image] = {}
    for number in range(CRYSTALS):
        for angle in ANGLES:
            made[snapshot(root, number, angle)] = _crystal(rng, number, angle)
    for quality in QUALITIES:
        for variant in range(VARIANTS):
            made[diffraction(root, quality, variant)] = _diffraction(rng, quality)
    for kind in ("edge", "fluorescence"):
        picture, numbers = _curve(kind)
        made[spectrum(root, kind)] = picture
        made[spectrum(root, kind).replace(".png", ".dat")] = numbers
    for path, large in list(made.items()):
        if isinstance(large, Image.Image) and path.endswith(".jpeg"):
            made[thumbnail(path)] = large.resize(SMALL)
    for pipeline in PIPELINES:
        for quality in QUALITIES:
            for kind, name, _ in outcome(pipeline, quality):
                path = f"{results(root, pipeline, quality)}/{name}"
                made[path] = _content(kind, pipeline, quality)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path, content in made.items():
        Path(path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if isinstance(content, Image.Image):
            content.save(path, quality=70)
        else:
            Path(path).write_bytes(content.encode() if isinstance(content, str) else content)
    return len(made)


def _content(kind: str, pipeline: str, quality: str) -> bytes | str:
    if kind == "Result":
        return b"MTZ " + random.Random(pipeline + quality).randbytes(2000)
    if kind == "Graph":
        return '{"shells": [{"d": 3.0, "ccHalf": 0.999}, {"d": 1.5, "ccHalf": 0.45}]}\n'
    return f"This is {pipeline}, of the simulated facility\n{LOGS[quality]}"


def _crystal(rng: random.Random, number: int, angle: int) -> Image.Image:
    """A loop on its pin; the crystal shows less of itself from the side."""
    picture = Image.new("RGB", (480, 360), (206, 210, 205))
    draw = ImageDraw.Draw(picture)
    draw.line([(0, 180), (170, 180)], fill=(120, 110, 100), width=14)
    draw.ellipse([160, 90, 380, 270], outline=(140, 130, 115), fill=(216, 222, 214), width=7)
    width = 25 + 6 * number + 18 * abs(math.cos(math.radians(angle + 10 * number)))
    sides = 4 + number % 3
    points = [
        (
            270 + width * math.cos(math.radians(360 * side / sides + 12 * number)),
            180 + 0.7 * width * math.sin(math.radians(360 * side / sides + 12 * number)),
        )
        for side in range(sides)
    ]
    draw.polygon(points, fill=(180, 190, 186), outline=(90, 95, 100))
    draw.line([(240, 60), (240, 300)], fill=(200, 40, 40))
    for _ in range(60):
        at = rng.randint(0, 479), rng.randint(0, 359)
        draw.point(at, fill=(150, 150, 150))
    return picture.filter(ImageFilter.GaussianBlur(1))


def _diffraction(rng: random.Random, quality: str) -> Image.Image:
    """Spots that fade outwards, the shadow of the beam stop, and rings of ice."""
    picture = Image.new("L", (480, 360), 236)
    draw = ImageDraw.Draw(picture)
    spots = {"good": 420, "fair": 170, "none": 8}[quality]
    if quality != "good":
        for ring in (95, 105, 128):
            box = [240 - ring, 180 - ring, 240 + ring, 180 + ring]
            draw.ellipse(box, outline=214, width=3)
    for _ in range(spots):
        radius = 20 + abs(rng.gauss(0, 85 if quality == "good" else 55))
        angle = rng.uniform(0, 2 * math.pi)
        x, y = 240 + radius * math.cos(angle), 180 + radius * math.sin(angle)
        draw.ellipse([x - 1, y - 1, x + 1, y + 1], fill=min(230, int(20 + radius)))
    draw.ellipse([228, 168, 252, 192], fill=250)
    draw.rectangle([0, 176, 240, 184], fill=250)
    return picture.convert("RGB")


def _curve(kind: str) -> tuple[Image.Image, str]:
    """A plot, and its numbers: energy in eV and counts."""
    if kind == "edge":
        energies = [12600.0 + step for step in range(121)]
        counts = [100 + 900 / (1 + math.exp(12658 - e)) for e in energies]
        counts = [c + 500 * math.exp(-(((e - 12661) / 3) ** 2)) for e, c in zip(energies, counts)]
    else:
        energies = [20.0 * step for step in range(100, 640)]
        lines = {6404: 900, 7058: 150, 8639: 400, 11222: 700, 12400: 300}
        counts = [
            10 + sum(top * math.exp(-(((e - at) / 90) ** 2)) for at, top in lines.items())
            for e in energies
        ]
    picture = Image.new("RGB", (480, 300), "white")
    span, top = energies[-1] - energies[0], max(counts)
    places = [
        (20 + 440 * (energy - energies[0]) / span, 280 - 260 * count / top)
        for energy, count in zip(energies, counts)
    ]
    ImageDraw.Draw(picture).line(places, fill=(30, 60, 150), width=2)
    numbers = "".join(f"{e:9.1f} {c:10.2f}\n" for e, c in zip(energies, counts))
    return picture, numbers
