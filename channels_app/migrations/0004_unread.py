"""How far each member has read, and what they muted. What was said before counts as read by everybody."""

from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def take_all_for_read(apps, schema_editor):
    channel = apps.get_model("channels_app", "Channel").objects.filter(pk=OuterRef("channel"))
    apps.get_model("channels_app", "Membership").objects.update(
        last_read_seq=Subquery(channel.values("last_seq")[:1])
    )


class Migration(migrations.Migration):
    dependencies = [("channels_app", "0003_removed")]

    operations = [
        migrations.AddField(
            model_name="membership",
            name="last_read_seq",
            field=models.PositiveBigIntegerField(db_default=0, default=0, verbose_name="read up to"),
        ),
        migrations.AddField(
            model_name="membership",
            name="is_muted",
            field=models.BooleanField(db_default=False, default=False, verbose_name="muted"),
        ),
        migrations.RunPython(take_all_for_read, migrations.RunPython.noop),
    ]
