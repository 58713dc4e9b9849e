"""The housekeeper: does what is due from time to time, such as delivering mails and throwing away what is past."""
