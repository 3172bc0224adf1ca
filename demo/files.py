"""Small pictures and log files, to which the rows of the simulated facility refer.

There are few of them at any scale: many rows name the same file.
"""

import random
from pathlib import Path

from PIL import Image

from demo import pictures

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
    """The folder with the output of a pipeline."""
    return f"{folder}/processed/{pipeline.replace(' ', '_')}/{quality}"


def outcome(pipeline: str, quality: str) -> list[tuple[str, str, int]]:
    """Type, name and rank of the files in the folder of ``results``."""
    log = f"{pipeline.split()[0]}.log"
    kept = [("Log", log, 1)]
    if quality != "none":
        kept += [("Result", "scaled.mtz", 2), ("Graph", "statistics.json", 1)]
    return kept


def write(folder: Path) -> int:
    """Write all files below ``folder``, readable by this user alone; return their number."""
    rng, root = random.Random("files"), str(folder)
    made: dict[str, bytes | str | Image.Image] = {}
    for number in range(CRYSTALS):
        for angle in ANGLES:
            made[snapshot(root, number, angle)] = pictures.crystal(rng, number, angle)
    for quality in QUALITIES:
        for variant in range(VARIANTS):
            made[diffraction(root, quality, variant)] = pictures.diffraction(rng, quality)
    for kind in ("edge", "fluorescence"):
        picture, numbers = pictures.curve(kind)
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
