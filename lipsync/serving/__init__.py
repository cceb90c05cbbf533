"""How gunicorn serves the application: its worker, its clients, its log, its beginning and its end."""
