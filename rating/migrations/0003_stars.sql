-- An edition of the handbook says how many stars there are, and another one may have more than the first. So the table
-- knows only that 0 is no star and nothing is below it.
-- Statements are repeatable: the record that a migration ran is written after its transaction.

alter table rating_periods
    drop constraint if exists rating_periods_star_known,
    drop constraint if exists rating_periods_star_not_negative,
    add constraint rating_periods_star_not_negative check (star >= 0);
