"""Members are counted as they are listed, without ended accounts, and another list has another version."""

from django.db import migrations, models
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce


def count_again(apps, schema_editor):
    memberships = apps.get_model("channels_app", "Membership").objects.filter(
        channel=OuterRef("pk"), left_at=None, user__is_active=True
    )
    counted = memberships.order_by().values("channel").annotate(count=Count("pk")).values("count")
    apps.get_model("channels_app", "Channel").objects.update(member_count=Coalesce(Subquery(counted), 0))


class Migration(migrations.Migration):
    dependencies = [("channels_app", "0005_notifies")]

    operations = [
        migrations.AddField(
            model_name="channel",
            name="members_version",
            field=models.PositiveBigIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.RunPython(count_again, migrations.RunPython.noop),
    ]
