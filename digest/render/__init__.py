"""From an IssueDocument to what people read: HTML mail, plain text, web page. Pure: values in, values out."""
