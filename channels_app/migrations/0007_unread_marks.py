"""How often each member marked something as unread."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("channels_app", "0006_members")]

    operations = [
        migrations.AddField(
            model_name="membership",
            name="unread_marks",
            field=models.PositiveIntegerField(db_default=0, default=0, editable=False),
        ),
    ]
