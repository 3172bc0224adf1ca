"""/contacts/lab_contacts"""

from http import HTTPStatus

from services.core.modules import lab_contacts
from services.core.schemas.lab_contacts import LabContactQuery, LabContactSchema
from shared.api import Namespace, Resource
from shared.lists import FieldsQuery

ns = Namespace(
    "lab_contacts", path="/contacts/lab_contacts", description="Shipping contacts of proposals"
)


@ns.route("")
class LabContacts(Resource):
    @ns.may_answer(404)
    @ns.require()
    @ns.takes(LabContactQuery, query=True)
    @ns.returns(LabContactSchema, many=True)
    def get(self, identity, query):
        """List the contacts of the proposals the caller may see."""
        return lab_contacts.find(identity, query)

    @ns.may_answer(404)
    @ns.require()
    @ns.takes(LabContactSchema)
    @ns.returns(LabContactSchema, HTTPStatus.CREATED)
    def post(self, identity, data):
        """Create a contact for a visible proposal; a program needs uportal_sync."""
        return lab_contacts.add(identity, data)


@ns.route("/<int:lab_contact_id>")
class LabContact(Resource):
    @ns.require()
    @ns.takes(FieldsQuery, query=True)
    @ns.returns(LabContactSchema)
    def get(self, identity, query, lab_contact_id):
        """Show one contact."""
        return lab_contacts.get(identity, lab_contact_id, **query)

    @ns.require()
    @ns.takes(LabContactSchema(partial=True))
    @ns.returns(LabContactSchema)
    def patch(self, identity, data, lab_contact_id):
        """Change some fields of a contact: absent keeps, null clears."""
        return lab_contacts.change(identity, lab_contact_id, data)

    @ns.require()
    @ns.takes(LabContactSchema)
    @ns.returns(LabContactSchema)
    def put(self, identity, data, lab_contact_id):
        """Replace a contact: what is absent is as in a new one."""
        return lab_contacts.replace(identity, lab_contact_id, data)

    @ns.require()
    @ns.returns(LabContactSchema)
    def delete(self, identity, lab_contact_id):
        """Delete a contact on which nothing hangs; show what it was."""
        return lab_contacts.remove(identity, lab_contact_id)
