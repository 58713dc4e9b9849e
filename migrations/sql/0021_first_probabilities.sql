-- What a model predicted first of an enrolment stays when the prediction is replaced: later ones are held against it. Where
-- it is null, as in rows from before, the probability has not been replaced since.

alter table learning_predictions
    add column first_probability double precision check (first_probability between 0 and 1);
