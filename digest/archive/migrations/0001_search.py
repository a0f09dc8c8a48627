import django.db.models.deletion
from django.db import migrations, models

# The table of words beside the items; what is in it: digest/archive/search/{sqlite,postgres}.py.
WORDS = {
    "sqlite": (
        "CREATE VIRTUAL TABLE archive_search USING "
        "fts5(title, names, body, prefix='2 3', tokenize='unicode61 remove_diacritics 0')",
    ),
    # No foreign key: a row without its item is never seen, and the next one of that key replaces it.
    "postgresql": (
        "CREATE TABLE archive_search (item_id bigint PRIMARY KEY, words tsvector NOT NULL)",
        "CREATE INDEX archive_search_words ON archive_search USING gin (words)",
    ),
}


def create(apps, schema_editor):
    for statement in WORDS[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def drop(apps, schema_editor):
    schema_editor.execute("DROP TABLE archive_search")


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="IndexedIssue",
            fields=[
                ("number", models.PositiveIntegerField(primary_key=True, serialize=False)),
                ("sha256", models.CharField(max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name="IndexedItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("anchor", models.CharField(blank=True, max_length=200)),
                ("date", models.DateField()),
                ("year", models.PositiveSmallIntegerField()),
                ("section", models.CharField(blank=True, max_length=100)),
                ("section_title", models.TextField(blank=True)),
                ("source", models.CharField(blank=True, max_length=100)),
                ("source_title", models.TextField(blank=True)),
                ("title", models.TextField()),
                ("authors", models.TextField(blank=True)),
                ("body", models.TextField(blank=True)),
                ("url", models.TextField(blank=True)),
                (
                    "issue",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="items", to="archive.indexedissue"
                    ),
                ),
            ],
        ),
        migrations.RunPython(create, drop),
    ]
