import { createContact, deleteContact, updateContact } from './operations/change-contacts.ts'
import {
  addListContacts,
  createList,
  deleteList,
  removeListContacts,
  updateList,
} from './operations/change-lists.ts'
import { countContacts, getContact, listContacts } from './operations/read-contacts.ts'
import { getList, listLists } from './operations/read-lists.ts'

export const contactOperations = [
  createContact,
  listContacts,
  countContacts,
  getContact,
  updateContact,
  deleteContact,
  createList,
  listLists,
  getList,
  updateList,
  deleteList,
  addListContacts,
  removeListContacts,
]
