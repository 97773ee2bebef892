-- Version 1 of the trust store's tables, for PostgreSQL 13 and later, in a database with the encoding UTF8.
-- The store runs this by itself where it may; else the owner of the schema does, before the first container starts.

-- One row. Every transaction that changes something locks it first: so all changes of the fleet are in one order.
create table xtls_trust_store (
    one smallint primary key check (one = 1),
    id uuid not null,
    version integer not null,
    changes bigint not null
);

-- Collation "C" compares bytes: addresses that look alike are never equal, whatever the collation of the database.
create table xtls_trust_key (
    jid text collate "C" not null,
    method text collate "C" not null,
    fingerprint text collate "C" not null,
    state text collate "C" not null check (state in ('VERIFIED', 'FIRST_USE', 'EXPIRED', 'DISTRUSTED')),
    since timestamp with time zone not null,
    evidence text collate "C" not null,
    first_change bigint not null,
    material bytea check (octet_length(material) <= 65536),
    primary key (jid, method, fingerprint)
);

create index xtls_trust_key_state on xtls_trust_key (state);

create table xtls_trust_method (
    jid text collate "C" not null,
    method text collate "C" not null,
    confirmed boolean not null,
    primary key (jid, method)
);

create table xtls_trust_history (
    change bigint primary key,
    made_at timestamp with time zone not null,
    jid text collate "C" not null,
    method text collate "C" not null,
    fingerprint text collate "C" not null,
    state_before text collate "C" check (state_before in ('VERIFIED', 'FIRST_USE', 'EXPIRED', 'DISTRUSTED')),
    state_after text collate "C" not null check (state_after in ('VERIFIED', 'FIRST_USE', 'EXPIRED', 'DISTRUSTED')),
    evidence text collate "C" not null,
    decision text collate "C" not null
);

create index xtls_trust_history_jid on xtls_trust_history (jid, change);

create function xtls_trust_history_stays() returns trigger language plpgsql as
    'begin raise exception ''the history of the trust store is never rewritten''; end';

create trigger xtls_trust_history_stays before update or delete or truncate on xtls_trust_history
    for each statement execute function xtls_trust_history_stays();

insert into xtls_trust_store (one, id, version, changes) values (1, gen_random_uuid(), 1, 0);
