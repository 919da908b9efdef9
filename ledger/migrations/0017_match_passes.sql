-- Two more ways in which a line and a delivery come together. They are usable once this transaction is over: so what rests on
-- them is the next migration.
alter type match_pass add value if not exists 'GROUP' before 'TOLERANCE';
alter type match_pass add value if not exists 'CREDIT' before 'HAND';
