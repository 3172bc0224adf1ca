"""The images of data collections; those of fast detectors have no rows here."""

from sqlalchemy import select

from services.core.models import Image
from services.core.modules.acquisition.data_collections import data_collections
from services.core.schemas.acquisition.images import ImageSchema
from shared.child_service import ChildService
from shared.db import db, save
from shared.identity import Identity


class Images(ChildService):
    """The images of data collections."""

    def put(self, identity: Identity, collection_id: int, data: dict) -> tuple[Image, bool]:
        """Create the image of this number, or change it; return its row, and whether it is new.

        The data collection is locked before anything is read: of two callers at once, the second
        changes the image that the first one created.
        """
        data_collections.lock(identity, collection_id)
        self.check_data(identity, data)
        key = {"dataCollectionId": collection_id, "imageNumber": data["imageNumber"]}
        stored = db.session.scalars(select(Image).filter_by(**key)).first()
        return save(stored or Image(), {**data, **key}), stored is None


images = Images(data_collections, "dataCollectionId", ImageSchema)
