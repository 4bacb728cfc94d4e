// The registry that Temporal loads: every workflow type there is.
export { importContacts } from './import-contacts.ts';
