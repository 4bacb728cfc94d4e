// Which provider belongs to which kind of channel.
import type { ChannelKind } from '../../contracts/channel-kinds.ts';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import type { Provider, ProviderAccount, ProviderAccountOptions } from '../../ports/provider.ts';
import { line, openLineAccount } from './line/line.ts';
import { openWhatsAppAccount, whatsapp } from './whatsapp/whatsapp.ts';

/** @throws PipelineError `channel_cannot_send` for a kind that cannot be broadcast to yet */
export function providerOf(kind: ChannelKind): Provider {
  if (kind === 'line') return line;
  if (kind === 'whatsapp') return whatsapp;
  throw cannotSend(kind);
}

export function openAccount(options: ProviderAccountOptions): ProviderAccount {
  if (options.channel.kind === 'line') return openLineAccount(options);
  if (options.channel.kind === 'whatsapp') return openWhatsAppAccount(options);
  throw cannotSend(options.channel.kind);
}

function cannotSend(kind: ChannelKind): PipelineError {
  return new PipelineError('channel_cannot_send', `Broadcasts to ${kind} channels are not there yet.`, {
    hint: 'Use a line or whatsapp channel.',
  });
}
