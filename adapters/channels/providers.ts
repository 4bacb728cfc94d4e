// Which provider belongs to which kind of channel.
import type { ChannelKind } from '../../contracts/channel-kinds.ts';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import type { Provider, ProviderAccount, ProviderAccountOptions } from '../../ports/provider.ts';
import { line, openLineAccount } from './line/line.ts';
import { openWhatsAppAccount, whatsapp } from './whatsapp/whatsapp.ts';

interface Sends {
  provider: Provider;
  open: (options: ProviderAccountOptions) => ProviderAccount;
}

const ADAPTERS: Readonly<Partial<Record<ChannelKind, Sends>>> = {
  line: { provider: line, open: openLineAccount },
  whatsapp: { provider: whatsapp, open: openWhatsAppAccount },
};

/** @throws PipelineError `channel_cannot_send` for a kind that cannot be broadcast to yet */
export function providerOf(kind: ChannelKind): Provider {
  return adapterOf(kind).provider;
}

/** @throws PipelineError `channel_cannot_send` */
export function openAccount(options: ProviderAccountOptions): ProviderAccount {
  return adapterOf(options.channel.kind).open(options);
}

function adapterOf(kind: ChannelKind): Sends {
  const adapter = ADAPTERS[kind];
  if (!adapter) throw cannotSend(kind);
  return adapter;
}

function cannotSend(kind: ChannelKind): PipelineError {
  return new PipelineError('channel_cannot_send', `Broadcasts to ${kind} channels are not there yet.`, {
    hint: 'Use a line or whatsapp channel.',
  });
}
