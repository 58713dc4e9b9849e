-- What a model predicted first of an enrolment stays when the prediction is replaced: later ones are held against it. Code
-- from before gives none; it is the probability that is replaced first.

alter table learning_predictions
    add column first_probability double precision check (first_probability between 0 and 1);
update learning_predictions set first_probability = probability;
