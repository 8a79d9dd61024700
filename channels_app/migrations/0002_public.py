"""Makes the channel `public`, which always exists."""

from django.db import migrations


def make_public(apps, schema_editor):
    apps.get_model("channels_app", "Channel").objects.get_or_create(
        slug="public", defaults={"name": "public", "topic": "Everyone, everything. Be kind, be brief."}
    )


class Migration(migrations.Migration):
    dependencies = [("channels_app", "0001_initial")]

    operations = [migrations.RunPython(make_public, migrations.RunPython.noop)]
