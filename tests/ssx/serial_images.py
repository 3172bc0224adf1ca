"""Random images of a serial run in chunks, and what they come to, kept image by image."""

from random import Random

from services.ssx.models import SSXDataCollection
from shared.models import DataCollection, DataCollectionGroup
from tests.ssx.conftest import API

RUNS = f"{API}/ssx/runs"
CELL = ("cell_a", "cell_b", "cell_c", "cell_alpha", "cell_beta", "cell_gamma")
MEANS = dict(zip(CELL, (61.9, 107.4, 150.9, 90, 96.5, 90)))
COLUMNS = ("isHit", "isIndexed", "spots", "resolution", *CELL)


def add_runs(add):
    """Run 11 of alice, in group 1, and 21 of bob, in group 2; their lengths are not stored."""
    for key in (1, 2):
        run = {"dataCollectionId": 10 * key + 1}
        add(
            DataCollectionGroup(dataCollectionGroupId=key, sessionId=key),
            DataCollection(dataCollectionGroupId=key, **run),
            SSXDataCollection(**run),
        )


def make_pipeline(as_):
    """A pipeline of all sessions."""
    return as_("zocalo", None, "processing_write", "all_sessions", service=True)


def put_chunks(client, run_id, chunks):
    """Store chunks; return the reference of the images."""
    reference = Reference()
    for body in chunks:
        answer = client.put(f"{RUNS}/{run_id}/images", json=body)
        assert (answer.status_code, answer.json) == (200, {"upserted": len(body["imageNumber"])})
        reference.put(body)
    return reference


def make_chunks(seed, images, size):
    """Chunks of ``images`` in random order; a third of the images is sent once more."""
    random = Random(seed)
    numbers = [*images, *random.sample([*images], len(images) // 3)]
    random.shuffle(numbers)
    for at in range(0, len(numbers), size):
        yield make_chunk(random, numbers[at : at + size])


def make_chunk(random, numbers):
    """A body with random columns for the images ``numbers``; a few of its values are null."""
    rows = [make_row(random) for _ in numbers]
    names = [name for name in COLUMNS if name in CELL or random.random() < 0.9]
    return {"imageNumber": numbers, **{name: [row[name] for row in rows] for name in names}}


def make_row(random):
    is_hit = random.random() < 0.4
    is_indexed = is_hit and random.random() < 0.6
    row = {"isHit": is_hit, "isIndexed": is_indexed, "spots": random.randrange(200)}
    row["resolution"] = round(random.uniform(1.4, 3.5), 3) if random.random() < 0.7 else None
    for name, mean in MEANS.items():
        value = random.gauss(mean, 0.3) if random.random() < 0.95 else random.uniform(20, 170)
        constant = name in ("cell_alpha", "cell_gamma")
        row[name] = (mean if constant else round(value, 3)) if is_indexed else None
    if random.random() < 0.1:
        row["isIndexed"] = None
    return row


class Reference:
    """Images as dictionaries, to which each chunk is applied image by image."""

    def __init__(self):
        self.images = {}

    def put(self, body):
        for at, number in enumerate(body["imageNumber"]):
            row = {name: body[name][at] for name in body if name != "imageNumber"}
            row = {name: value for name, value in row.items() if value is not None}
            if any(name in row for name in CELL):
                row["isIndexed"] = True
            if row.get("isIndexed"):
                row["isHit"] = True
            if row.get("isHit") is False:
                row["isIndexed"] = False
            image = self.images.setdefault(number, {"isHit": False, "isIndexed": False})
            image.update(row)
            if not image["isIndexed"]:
                for name in CELL:
                    image.pop(name, None)

    def column(self, name, state=None):
        """The values of a column, of images with that state."""
        images = [self.images[number] for number in sorted(self.images)]
        values = [each.get(name) for each in images if state is None or each[state]]
        return values if state is None else [value for value in values if value is not None]
