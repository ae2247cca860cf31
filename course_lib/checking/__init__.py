"""How an exercise judges an answer and says what differs. The exercises themselves lie with their lectures."""
