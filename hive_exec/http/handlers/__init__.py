"""What each route does, a module a subject. A handler turns a request into a question to the cell and its
answer into bytes; nothing is decided here."""
