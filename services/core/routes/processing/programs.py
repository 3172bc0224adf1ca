"""/autoproc/programs"""

from http import HTTPStatus

from services.core.modules.processing import programs
from services.core.schemas.processing.programs import (
    AttachmentAnswerSchema,
    AttachmentSchema,
    AutoProcProgramSchema,
    AutoProcProgramUpdateSchema,
    ForceQuery,
    MessageAnswerSchema,
    MessageSchema,
    ProgramAnswerSchema,
    ProgramAttachmentSchema,
)
from shared.api import Namespace, Resource
from shared.lists import FieldsQuery, query_of

ns = Namespace("programs", path="/autoproc/programs", description="Runs of processing programs")
WRITER = "processing_write"


@ns.route("")
class Programs(Resource):
    @ns.may_answer(404)
    @ns.require()
    @ns.takes(query_of(AutoProcProgramSchema), query=True)
    @ns.returns(AutoProcProgramSchema, many=True)
    def get(self, identity, query):
        """List the programs that processed what the caller may see."""
        return programs.list_(identity, query)

    @ns.require(WRITER)
    @ns.takes(AutoProcProgramSchema)
    @ns.returns(ProgramAnswerSchema, HTTPStatus.CREATED)
    def post(self, identity, data):
        """Register a program, for a job or a data collection."""
        return programs.create(identity, data)


@ns.route("/<int:program_id>")
class Program(Resource):
    @ns.require()
    @ns.takes(FieldsQuery, query=True)
    @ns.returns(AutoProcProgramSchema)
    def get(self, identity, query, program_id):
        """Show one program."""
        return programs.get(identity, program_id, **query)

    @ns.require(WRITER)
    @ns.takes(ForceQuery, query=True)
    @ns.takes(AutoProcProgramUpdateSchema(partial=True))
    @ns.returns(ProgramAnswerSchema)
    def patch(self, identity, query, data, program_id):
        """Note how a program fares: null keeps, and a final status stays unless by force."""
        return programs.update(identity, program_id, data, **query)


@ns.route("/attachments")
class ProgramsAttachments(Resource):
    @ns.may_answer(404)
    @ns.require()
    @ns.takes(query_of(ProgramAttachmentSchema), query=True)
    @ns.returns(ProgramAttachmentSchema, many=True)
    def get(self, identity, query):
        """List the files of all programs the caller may see."""
        return programs.list_attachments(identity, query)

    @ns.require(WRITER)
    @ns.takes(ProgramAttachmentSchema)
    @ns.returns(AttachmentAnswerSchema, HTTPStatus.CREATED, also=HTTPStatus.OK)
    def post(self, identity, data):
        """Add a file to the program it names; the same path and name again changes it."""
        return _stored(programs.put_named_attachment(identity, data))


@ns.route("/attachments/<int:attachment_id>")
class ProgramsAttachment(Resource):
    @ns.require()
    @ns.takes(FieldsQuery, query=True)
    @ns.returns(ProgramAttachmentSchema)
    def get(self, identity, query, attachment_id):
        """Show one file that a program wrote: its type, folder and name."""
        return programs.get_attachment(identity, attachment_id, **query)


@ns.route("/<int:program_id>/attachments")
class ProgramAttachments(Resource):
    @ns.require()
    @ns.takes(query_of(AttachmentSchema), query=True)
    @ns.returns(AttachmentSchema, many=True)
    def get(self, identity, query, program_id):
        """List the files of a program."""
        return programs.list_own_attachments(identity, program_id, query)

    @ns.require(WRITER)
    @ns.takes(AttachmentSchema)
    @ns.returns(AttachmentAnswerSchema, HTTPStatus.CREATED, also=HTTPStatus.OK)
    def post(self, identity, data, program_id):
        """Add a file to a program; the same path and name again changes it."""
        return _stored(programs.put_attachment(identity, program_id, data))


@ns.route("/<int:program_id>/messages")
class ProgramMessages(Resource):
    @ns.require()
    @ns.takes(query_of(MessageSchema), query=True)
    @ns.returns(MessageSchema, many=True)
    def get(self, identity, query, program_id):
        """List what a program had to say."""
        return programs.list_messages(identity, program_id, query)

    @ns.require(WRITER)
    @ns.takes(MessageSchema, large=True)
    @ns.returns(MessageAnswerSchema, HTTPStatus.CREATED)
    def post(self, identity, data, program_id):
        """Add a message to a program, be it running or done."""
        return programs.create_message(identity, program_id, data)


def _stored(answer: tuple[dict, bool]) -> tuple[dict, HTTPStatus]:
    """A file that was there is changed, any other is created."""
    document, is_new = answer
    return document, HTTPStatus.CREATED if is_new else HTTPStatus.OK
