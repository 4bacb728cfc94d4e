-- Who asks people to approve a broadcast: the run that waits with it, or waited last. Nobody else sends it meanwhile. Workers may
-- stay: those of before leave it empty, and ask all the same.
alter table broadcasts add column asking_run_id text;
