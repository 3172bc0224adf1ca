"""The files that data collections, rows of beamlines, samples and results name"""

from services.core.modules.overview import files
from services.core.schemas.overview.files import FileQuery
from shared.api import Namespace, Resource

ns = Namespace("files", path="/", description="Files, through the rows that name them")
PICTURE, ANY = "image/*", "*/*"
ZIP = "application/zip"


@ns.route("/data_collections/<int:data_collection_id>/snapshots/<number>")
@ns.param("number", "which of the pictures", enum=[*files.COLLECTION.paths])
class Snapshot(Resource):
    @ns.require(link=True)
    @ns.takes(FileQuery, query=True)
    @ns.streams(PICTURE)
    def get(self, identity, data_collection_id, number):
        """Show a picture of the crystal of a data collection."""
        return files.get_path(identity, files.COLLECTION, data_collection_id, number)


@ns.route("/data_collections/groups/<int:data_collection_group_id>/snapshot")
class GroupSnapshot(Resource):
    @ns.require(link=True)
    @ns.takes(FileQuery, query=True)
    @ns.streams(PICTURE)
    def get(self, identity, data_collection_group_id):
        """Show the picture of the crystal of a group."""
        return files.get_path(identity, files.GROUP, data_collection_group_id, "snapshot")


@ns.route("/data_collections/<int:data_collection_id>/images/<int:image_number>/<kind>")
@ns.param("kind", "large or small", enum=[*files.IMAGES])
class Preview(Resource):
    @ns.require(link=True)
    @ns.takes(FileQuery, query=True)
    @ns.streams(PICTURE)
    def get(self, identity, data_collection_id, image_number, kind):
        """Show a picture of a diffraction image."""
        return files.get_image_path(identity, data_collection_id, image_number, kind)


@ns.route("/data_collections/attachments/<int:attachment_id>/file")
class AttachedFile(Resource):
    @ns.require(link=True)
    @ns.takes(FileQuery, query=True)
    @ns.streams(ANY)
    def get(self, identity, attachment_id):
        """Fetch a file that is attached to a data collection."""
        return files.get_path(identity, files.ATTACHMENT, attachment_id, "file")


@ns.route("/data_collections/<int:data_collection_id>/attachments/download")
class AttachedFiles(Resource):
    @ns.require(link=True)
    @ns.takes(FileQuery, query=True)
    @ns.streams(ZIP)
    def get(self, identity, data_collection_id):
        """Fetch all files that are attached to a data collection, as a zip."""
        return files.get_collection_archive(identity, data_collection_id)


@ns.route("/beamline/robot_actions/<int:robot_action_id>/snapshots/<when>")
@ns.param("when", "before or after the action", enum=[*files.ROBOT_ACTION.paths])
class RobotSnapshot(Resource):
    @ns.require(link=True)
    @ns.takes(FileQuery, query=True)
    @ns.streams(PICTURE)
    def get(self, identity, robot_action_id, when):
        """Show a picture that the sample changer took."""
        return files.get_path(identity, files.ROBOT_ACTION, robot_action_id, when)


@ns.route("/energy_scans/<int:energy_scan_id>/files/<kind>")
@ns.param("kind", "what is in it", enum=[*files.ENERGY_SCAN.paths])
class EnergyScanFile(Resource):
    @ns.require(link=True)
    @ns.takes(FileQuery, query=True)
    @ns.streams(ANY)
    def get(self, identity, energy_scan_id, kind):
        """Fetch a file of an energy scan."""
        return files.get_path(identity, files.ENERGY_SCAN, energy_scan_id, kind)


@ns.route("/xrf_spectra/<int:xrf_spectrum_id>/files/<kind>")
@ns.param("kind", "what is in it", enum=[*files.XRF_SPECTRUM.paths])
class SpectrumFile(Resource):
    @ns.require(link=True)
    @ns.takes(FileQuery, query=True)
    @ns.streams(ANY)
    def get(self, identity, xrf_spectrum_id, kind):
        """Fetch a file of a fluorescence spectrum."""
        return files.get_path(identity, files.XRF_SPECTRUM, xrf_spectrum_id, kind)


@ns.route("/samples/images/<int:image_id>/file")
class SamplePicture(Resource):
    @ns.require(link=True)
    @ns.takes(FileQuery, query=True)
    @ns.streams(PICTURE)
    def get(self, identity, image_id):
        """Show a picture of a sample."""
        return files.get_path(identity, files.SAMPLE_IMAGE, image_id, "file")


@ns.route("/autoproc/programs/attachments/<int:attachment_id>/file")
class WrittenFile(Resource):
    @ns.require(link=True)
    @ns.takes(FileQuery, query=True)
    @ns.streams(ANY)
    def get(self, identity, attachment_id):
        """Fetch a file that a program wrote."""
        return files.get_result_path(identity, attachment_id)


@ns.route("/autoproc/phasing/attachments/<int:attachment_id>/file")
class PhasingFile(Resource):
    @ns.require(link=True)
    @ns.takes(FileQuery, query=True)
    @ns.streams(ANY)
    def get(self, identity, attachment_id):
        """Fetch a file that a phasing program wrote."""
        return files.get_phasing_path(identity, attachment_id)


@ns.route("/autoproc/mr_blobs/<int:blob_id>/views/<number>")
@ns.param("number", "which of the pictures", enum=[*files.VIEWS])
class BlobView(Resource):
    @ns.require(link=True)
    @ns.takes(FileQuery, query=True)
    @ns.streams(PICTURE)
    def get(self, identity, blob_id, number):
        """Show a picture of density that a model does not explain."""
        return files.get_blob_path(identity, blob_id, number)


@ns.route("/autoproc/programs/<int:program_id>/attachments/download")
class WrittenFiles(Resource):
    @ns.require(link=True)
    @ns.takes(FileQuery, query=True)
    @ns.streams(ZIP)
    def get(self, identity, program_id):
        """Fetch all files that a program wrote, as a zip."""
        return files.get_program_archive(identity, program_id)
