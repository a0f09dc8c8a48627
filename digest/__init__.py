"""One association, one weekly digest: feeds come in on the left, a numbered issue leaves on the right.

    gather  ->  compose  ->  render  ->  deliver  ->  archive

Every folder is one verb of that sentence:

    config/        config.toml, the environment and the key file -> one frozen Config
    installation/  what is true of this very installation: armed or not, leases, the audit trail
    gather/        sources -> entries: fetch, parse, clean, date, store once
    compose/       entries -> issue: window, sections, number, edits -> IssueDocument + placements
    render/        IssueDocument -> MJML -> HTML with its CSS inlined, plain text, web page
    members/       who receives it: the roll, joining, choosing, leaving
    deliver/       the ledger, batches, signed links, providers (outbox, sendgrid)
    archive/       the published record in issues/
    pipeline/      the use cases, in the order of the line
    web/           pages: public, staff (the newsroom), hooks
    site/          Django's settings and URLs: wiring only
    sample/        the invented association that `make demo` shows
    schedule.py    an alarm clock that rings pipeline.run_due
    cli.py         the `digest` command
"""

__version__ = "0.1.0"
