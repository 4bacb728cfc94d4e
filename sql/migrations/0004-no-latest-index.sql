-- No statement asks for the newest result by the time of its publishing.
drop index tag_frequencies_latest;
