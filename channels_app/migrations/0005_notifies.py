"""Of which channels each member wants a notice for every message."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("channels_app", "0004_unread")]

    operations = [
        migrations.AddField(
            model_name="membership",
            name="notifies",
            field=models.BooleanField(
                db_default=False, default=False, verbose_name="notifies of every message"
            ),
        ),
    ]
