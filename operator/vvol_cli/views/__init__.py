"""What objects say, as rows and lines. Pure: objects and the time go in, `tables` come out."""
