"""One frame for every posterior: asked for as a job, sampled, labelled, judged, reported, stored, drawn."""
