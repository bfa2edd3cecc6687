/** What happened to one email, numbered in the order of its commits. */
export const sequences = `
-- The last number given. email.received is always 1 and writes no row here: most mail costs nothing.
create table email_sequences (
  email_id bigint primary key references emails (id) on delete cascade,
  last integer not null
);

-- Null for events that are about no email, and for those from before there were numbers.
alter table events add sequence integer;
`
