// The registry that Temporal loads: every workflow type there is.
export { broadcast } from './broadcast.ts';
export { deliverChannel } from './deliver-channel.ts';
export { importContacts } from './import-contacts.ts';
export { planBroadcast } from './plan-broadcast.ts';
