"""The images of data collections; those of fast detectors have no rows here."""

from sqlalchemy import select

from services.core.models import Image
from services.core.modules.acquisition.data_collections import data_collections
from services.core.schemas.acquisition.images import ImageSchema
from shared import read, row_checks
from shared.access import everything
from shared.db import db, save
from shared.identity import Identity
from shared.models import DataCollection


def find(identity: Identity, collection_id: int, query: dict) -> dict:
    """List the images of a visible data collection."""
    data_collections.check_visible(identity, collection_id)
    return read.page(ImageSchema, everything(identity), {**query, "collection": collection_id})


def put(identity: Identity, collection_id: int, data: dict) -> tuple[dict, bool]:
    """Create the image of this number, or change it; return it, and whether it is new.

    The data collection is locked before anything is read: of two callers at once, the second
    changes what the first one made.
    """
    row_checks.lock_visible(identity, DataCollection, collection_id)
    row_checks.check_parents(identity, Image, data)
    key = {"dataCollectionId": collection_id, "imageNumber": data["imageNumber"]}
    known = db.session.scalars(select(Image).filter_by(**key)).first()
    image = save(known or Image(), {**data, **key})
    return read.one(ImageSchema, everything(identity), imageId=image.imageId), known is None
