// The registry that Temporal loads: every workflow type there is.
export { broadcast } from './broadcast.ts';
export { deliverChannel } from './deliver-channel.ts';
export { expireTags } from './expire-tags.ts';
export { importContacts } from './import-contacts.ts';
export { importTags } from './import-tags.ts';
export { planBroadcast } from './plan-broadcast.ts';
export { tagFrequency } from './tag-frequency.ts';
