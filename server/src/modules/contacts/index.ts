/**
 * Contacts and static lists: whom a workspace writes to.
 *
 * Tables owned: contact, contact_list, contact_list_member. Events: none; audit `contact.*`, `list.*`. Invariants: who somebody is is the id,
 * never the address; an address is one contact's in a workspace and found by its blind index; address, names and attributes are stored
 * sealed and opened with the reason on record; whoever unsubscribed stays so when the contact is deleted and made again (a suppression of
 * bulk mail); how many are on a list is counted in the statement that puts them there; one caller reads a bounded number in an hour, and
 * the owners hear of more.
 */
export { createContacts } from './contacts-service.ts'
export type { Contacts } from './contacts-service.ts'
export { createContactLists } from './lists-service.ts'
export type { ContactLists } from './lists-service.ts'
export { openContacts, openContactsById } from './contact-sealing.ts'
export type { ContactFacts } from './contact.ts'
export { selectList as findList } from './lists-store.ts'
export { startListUpkeep } from './list-upkeep.ts'
export { createContact, deleteContact, updateContact } from './operations/change-contacts.ts'
export {
  addListContacts,
  createList,
  deleteList,
  removeListContacts,
  updateList,
} from './operations/change-lists.ts'
export { getContact, listContacts } from './operations/read-contacts.ts'
export { getList, listLists } from './operations/read-lists.ts'
export { contactOperations } from './contact-operations.ts'
