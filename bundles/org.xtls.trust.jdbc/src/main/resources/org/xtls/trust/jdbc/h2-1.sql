-- Version 1 of the trust store's tables, for H2. H2 commits after each of these: so each can be repeated, and the row
-- with the version comes last.

create table if not exists xtls_trust_store (
    one smallint primary key check (one = 1),
    id uuid not null,
    version integer not null,
    changes bigint not null
);

create table if not exists xtls_trust_key (
    jid varchar(3071) not null,
    method varchar(32) not null,
    fingerprint varchar(128) not null,
    state varchar(10) not null check (state in ('VERIFIED', 'FIRST_USE', 'EXPIRED', 'DISTRUSTED')),
    since timestamp(9) with time zone not null,
    evidence varchar(1024) not null,
    first_change bigint not null,
    material varbinary(65536),
    primary key (jid, method, fingerprint)
);

create index if not exists xtls_trust_key_state on xtls_trust_key (state);

create table if not exists xtls_trust_method (
    jid varchar(3071) not null,
    method varchar(32) not null,
    confirmed boolean not null,
    primary key (jid, method)
);

create table if not exists xtls_trust_history (
    change bigint primary key,
    made_at timestamp(9) with time zone not null,
    jid varchar(3071) not null,
    method varchar(32) not null,
    fingerprint varchar(128) not null,
    state_before varchar(10) check (state_before in ('VERIFIED', 'FIRST_USE', 'EXPIRED', 'DISTRUSTED')),
    state_after varchar(10) not null check (state_after in ('VERIFIED', 'FIRST_USE', 'EXPIRED', 'DISTRUSTED')),
    evidence varchar(1024) not null,
    decision varchar(36) not null
);

create index if not exists xtls_trust_history_jid on xtls_trust_history (jid, change);

insert into xtls_trust_store (one, id, version, changes)
    select 1, random_uuid(), 1, 0 where not exists (select 1 from xtls_trust_store);
