"""What the server keeps: conversations and what their readers thought of the answers, in SQLite or PostgreSQL."""
