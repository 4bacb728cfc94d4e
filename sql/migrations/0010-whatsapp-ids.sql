-- The account that WhatsApp names when it takes a message, where it is spelled in another way than the number that was sent to: 521… in
-- Mexico, 549… in Argentina, with or without the ninth digit in Brazil. Reports and messages of the person may come under either.
-- Workers of before may go on while it is applied; they keep none. Imports wait for it a moment.

-- Plain digits. NULL: none was named yet, or it was the number itself. What was named last stays, also when later answers name the
-- number: reports of older messages still come under it. Goes with the contact.
alter table contacts add column whatsapp_id text collate "C";
comment on column contacts.whatsapp_id is 'the account as WhatsApp spells it, in digits, where that is not the number it was sent to';
create index contacts_channel_whatsapp_id on contacts (channel_id, whatsapp_id) where whatsapp_id is not null;

-- What a contact becomes when a staged line is laid over it: as in 0007, with the new column.
create or replace function import_merged(c contacts, s import_staging, allow_resubscribe boolean, at timestamptz)
returns setof contacts
language sql stable parallel safe
as $$
  select
    c.id,
    c.channel_id,
    c.social_id,
    case when s.display_name is null then c.display_name else nullif(s.display_name, '') end,
    case when s.avatar_url is null then c.avatar_url else nullif(s.avatar_url, '') end,
    case when s.time_zone is null then c.time_zone else nullif(s.time_zone, '') end,
    case when s.member_id is null then c.member_id else nullif(s.member_id, '') end,
    case when s.email is null then c.email else nullif(s.email, '') end,
    case when s.email is null then c.email_key else nullif(s.email_key, '') end,
    case when s.phone is null then c.phone else nullif(s.phone, '') end,
    case when s.phone is null or s.phone = c.phone then c.phone_raw else nullif(s.phone_raw, '') end,
    case when s.subscribed is null or (s.subscribed and not allow_resubscribe) then c.subscribed else s.subscribed end,
    case
      when s.subscribed is null or (s.subscribed and not allow_resubscribe) or s.subscribed = c.subscribed
        then c.subscribed_since
      else coalesce(s.subscribed_since, at)
    end,
    greatest(c.last_interaction_at, s.last_interaction_at),
    case when s.attributes is null then c.attributes else jsonb_strip_nulls(c.attributes || s.attributes) end,
    c.source,
    c.created_at,
    c.updated_at,
    c.blocked_at,
    case
      when s.subscribed is null or (s.subscribed and not allow_resubscribe) or s.subscribed = c.subscribed
        then c.subscription_source
      else 'import'
    end,
    -- Of a person who is known by an id it is that of the number: with another number it is nobody's.
    case when s.phone is null or s.phone = c.phone or c.social_id like '+%' then c.whatsapp_id end
$$;
