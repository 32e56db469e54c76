"""The advisors' intranet page (Streamlit); knows the server through HTTP only."""
